// Action getProfile: who the dashboard greets. WRONG SIDE: move_to_server_component.
// The dashboard calls it on mount, so each visit waits for one more round trip, and it queues with its two
// neighbours because actions run one after another. The page itself could read this while it renders.
"use server";

import { profileOf, type Profile } from "@/data/customers";
import { visitor } from "@/data/visitor";

export async function getProfile(): Promise<Profile> {
  return profileOf(await visitor());
}
