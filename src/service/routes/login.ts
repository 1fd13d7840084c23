import type { OpenAPIHono } from "@hono/zod-openapi";
import { setCookie } from "hono/cookie";
import type { Config } from "../../config/settings.ts";
import { isToken, tokenCookie } from "../guards.ts";
import { page } from "../pages/layout.ts";
import { loginPage } from "../pages/login.ts";

/** Where a browser shows that it knows the token. It keeps it in a cookie that no script reads. */
export function loginRoutes(app: OpenAPIHono, { SERVICE_TOKEN }: Pick<Config, "SERVICE_TOKEN">): void {
  app.get("/login", (context) =>
    page(context, { title: "Login", bar: false, body: loginPage(false, ownPath(context.req.query("next"))) }),
  );
  app.post("/login", async (context) => {
    const { token, next } = await context.req.parseBody();
    const path = ownPath(String(next ?? "/"));
    if (SERVICE_TOKEN !== undefined && !isToken(String(token), SERVICE_TOKEN)) {
      return page(context, { title: "Login", bar: false, body: loginPage(true, path) }, 401);
    }
    const secure = new URL(context.req.url).protocol === "https:";
    setCookie(context, tokenCookie, String(token), { httpOnly: true, sameSite: "Strict", path: "/", secure });
    return context.redirect(path, 303);
  });
}

/** A path of this service: nothing that a browser would take for another host. */
function ownPath(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])/.test(next) ? next : "/";
}
