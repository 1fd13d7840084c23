import chromium from "@sparticuz/chromium";
import { type Browser, chromium as engine } from "playwright";

/** A real Chromium, of the npm package, so that nothing has to be installed on the machine. */
export async function openBrowser(): Promise<Browser> {
  const args = chromium.args.filter((each) => each !== "--single-process" && each !== "--no-zygote");
  return engine.launch({ args, executablePath: await chromium.executablePath(), headless: true });
}
