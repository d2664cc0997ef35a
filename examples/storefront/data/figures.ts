// The shop in numbers, for the page "Behind the counter".
import { query, tables } from "./database";

export interface Figures {
  orders: number;
  subscribers: number;
  votes: number;
  productViews: number;
}

export async function figures(): Promise<Figures> {
  return query(30, () => ({
    orders: tables.orders.size,
    subscribers: tables.subscribers.size,
    votes: [...tables.votes.values()].reduce((sum, votes) => sum + votes, 0),
    productViews: tables.productViews,
  }));
}

export function countProductView(): void {
  tables.productViews += 1;
}
