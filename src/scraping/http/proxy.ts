import http from "node:http";
import https from "node:https";
import { ConfigError } from "../../errors.ts";

/**
 * Agents that go through a proxy (`http://user:password@host:port`): plain requests by their whole address, TLS by CONNECT. The
 * proxy's own address is not guarded, since the config names it; which address a name leads to is the proxy's decision.
 */
export function proxyAgents(proxyUrl: string): { "http:": http.Agent; "https:": https.Agent } {
  if (!URL.canParse(proxyUrl) || !/^https?:$/.test(new URL(proxyUrl).protocol)) {
    throw new ConfigError("A proxy is an address that begins with http:// or https://.", {
      hint: "Write it as http://user:password@host:port.",
    });
  }
  // Before that version Node takes no notice of the option, and would go straight to the site.
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major === 24 && minor < 5) {
    throw new ConfigError(`Proxies need Node 24.5 or newer; this is ${process.versions.node}.`, {
      hint: "Update Node.",
    });
  }
  const proxyEnv = { HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl };
  return {
    "http:": new http.Agent({ keepAlive: true, proxyEnv }),
    "https:": new https.Agent({ keepAlive: true, proxyEnv }),
  };
}
