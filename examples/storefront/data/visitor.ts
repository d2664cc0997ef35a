// Who is asking: the session of the browser, as set by proxy.ts. Signing in lives in customers.ts.
import { cookies } from "next/headers";

/** The visitor's session id. A request without one (a script, a crawler) shares the session of nobody. */
export async function visitor(): Promise<string> {
  return (await cookies()).get("sid")?.value ?? "nobody";
}
