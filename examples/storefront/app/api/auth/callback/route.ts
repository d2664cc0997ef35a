// GET /api/auth/callback: where the identity provider sends the browser back. RIGHT SIDE: keep.
// The browser navigates here with ?code and ?state and is redirected; a navigation is a GET and cannot call an action.
import { signIn } from "@/data/customers";
import { visitor } from "@/data/visitor";

export async function GET(request: Request): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const welcome = await signIn(await visitor(), query.get("code"), query.get("state"));
  return new Response(null, { status: 303, headers: { location: welcome ? "/account" : "/login?failed=1" } });
}
