import type { Context, MiddlewareHandler } from "hono";
import { basePath } from "hono/route";

/** Where an app stands among others. */
export interface Place {
  /** What stands in front of each of its addresses; empty at the root. */
  readonly base: string;
  /** Its name among several services. */
  readonly name?: string | undefined;
  /** The page above it; else its own first one. */
  readonly home?: string | undefined;
}

const atRoot: Place = { base: "" };

/** Notes where the app is, and leads redirects there, too. */
export function placed(given: Place = atRoot): MiddlewareHandler {
  return async (context, next) => {
    const place: Place = { ...given, base: `${given.base}${mountOf(context)}` };
    context.set("place", place);
    await next();
    const to = context.res.headers.get("location");
    if (to?.startsWith("/")) context.res.headers.set("location", addressIn(place, to));
  };
}

export function placeOf(context: Context): Place {
  const place: Place | undefined = context.get("place");
  return place ?? atRoot;
}

/** The path that was asked for, as the app's own routes have it. */
export function ownPath(context: Context): string {
  return context.req.path.slice(mountOf(context).length);
}

function mountOf(context: Context): string {
  const mount = basePath(context);
  return mount === "/" ? "" : mount;
}

/** Where one of the app's own paths is found from outside. */
export function addressIn({ base }: Place, path: string): string {
  return base !== "" && path === "/" ? base : `${base}${path}`;
}

/** Leads the addresses in a page's markup to where the app is. In its texts every quote is escaped, so none is taken for one. */
export function withBase(markup: string, place: Place): string {
  if (place.base === "") return markup;
  return markup.replace(
    /(\s(?:href|src|action|data-live|data-chart)=")(\/(?!\/)[^"]*)/g,
    (_, start: string, path: string) => `${start}${addressIn(place, path)}`,
  );
}
