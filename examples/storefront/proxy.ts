// Gives every new browser a session cookie before the first page is rendered. It decides nothing else: who may do
// what is checked where it is done. API clients without a browser never get a cookie.
import { NextResponse, type NextRequest } from "next/server";

export function proxy(request: NextRequest): NextResponse {
  const opensAPage = request.method === "GET" && request.headers.get("accept")?.includes("text/html");
  if (!opensAPage || request.cookies.has("sid")) return NextResponse.next();

  const sid = crypto.randomUUID();
  // Also into the request, so that the page rendered by this very request knows its visitor.
  request.cookies.set("sid", sid);
  const response = NextResponse.next({ request: { headers: request.headers } });
  response.cookies.set("sid", sid, { httpOnly: true, sameSite: "lax", path: "/" });
  return response;
}

export const config = {
  // Assets need no session; a webhook and a probe must not depend on this code.
  matcher: "/((?!_next/|api/webhooks/|api/health).*)",
};
