import { ConfigError } from "../errors.ts";
import type { Archive } from "./archive.ts";
import type { BrowserLaunch, BrowserPage } from "./browser/launch.ts";
import type { Engine } from "./crawl/crawl.ts";
import { lazyHttpEngine } from "./crawl/lazy.ts";
import { Scraper } from "./scraper.ts";
import type { ScraperSource } from "./source.ts";
import type { SourceWeb } from "./source-web.ts";

/**
 * A scraper for pages that need JavaScript. Sources are written as for a `Scraper`; `ready` is the selector that is waited for. All
 * that the browser fetches goes through a proxy of millrace on this machine, which holds it to the same addresses as pages. What is
 * recorded is the page as the browser shows it, so a replay needs no browser.
 *
 * It needs `@crawlee/playwright` and `playwright`, and a browser: `npx playwright install chromium`.
 */
export abstract class BrowserScraper extends Scraper {
  /** How the browser is started. */
  readonly launch: BrowserLaunch = {};

  /** Called with each page once `ready` is there, before it is read: clicks what has to be clicked. */
  protected async act(_page: BrowserPage): Promise<void> {}

  /** @internal */
  protected override engine(web: SourceWeb, source: ScraperSource, archive: Archive): Engine {
    if (archive.isReplay || source.download) return lazyHttpEngine(web);
    if (web.proxies.length > 0)
      throw new ConfigError(
        "A BrowserScraper takes no `proxies`: its traffic goes through the proxy that guards addresses.",
      );
    if (typeof source.headers === "function") throw noSecretHeaders();
    const guarded: SourceWeb = {
      ...web,
      onHeaders(headers) {
        if (Object.keys(headers).length > 0) throw noSecretHeaders();
      },
    };
    return async (parts) => {
      const [{ browserEngine }, { guardProxy }, { addressGuard }] = await Promise.all([
        import("./browser/browser-engine.ts"),
        import("./browser/guard-proxy.ts"),
        import("./http/addresses.ts"),
      ]);
      const proxy = await guardProxy(addressGuard(web.allowPrivate), source.maxBytes * 4);
      const crawler = await browserEngine({
        web: guarded,
        source,
        launch: this.launch,
        proxy,
        act: (page) => this.act(page),
      })(parts);
      return {
        stop: () => crawler.stop(),
        async run() {
          await using _proxy = proxy;
          await crawler.run();
        },
      };
    };
  }
}

/** A browser sends the headers of a page to every host that it loads a part of it from, and after redirects. */
function noSecretHeaders(): ConfigError {
  return new ConfigError(
    "A BrowserScraper takes no headers from the config or a login: other hosts would see them too.",
    {
      hint: "Use `cookies`, or a `login` that sets some: these go to their own site only.",
    },
  );
}
