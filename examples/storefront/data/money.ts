// How an amount in cents is written. Nothing else about money.
const euros = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });

export function money(cents: number): string {
  return euros.format(cents / 100);
}
