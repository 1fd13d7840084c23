/** What a step of one's own needs of the browser's page: a part of Playwright's. */
export interface BrowserPage {
  click(selector: string): Promise<void>;
  fill(selector: string, value: string): Promise<void>;
  waitForSelector(selector: string, options?: { timeout?: number }): Promise<unknown>;
  evaluate(expression: string): Promise<unknown>;
  content(): Promise<string>;
  url(): string;
}

/** How a browser is started: Playwright's launch options, as far as they are usual. */
export interface BrowserLaunch {
  /** The browser's program. Default: the Chromium that Playwright installed. */
  readonly executablePath?: string;
  readonly args?: readonly string[];
  readonly headless?: boolean;
}
