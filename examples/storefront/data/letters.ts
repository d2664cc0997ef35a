// What people send to the shop: newsletter subscriptions, contact messages, votes.
import { query, tables } from "./database";

export async function saveSubscriber(address: string): Promise<void> {
  await query(25, () => tables.subscribers.add(address));
}

export async function saveMessage(): Promise<number> {
  return query(30, () => (tables.messages += 1));
}

export async function countVote(choice: string): Promise<number> {
  return query(12, () => {
    const votes = (tables.votes.get(choice) ?? 0) + 1;
    tables.votes.set(choice, votes);
    return votes;
  });
}
