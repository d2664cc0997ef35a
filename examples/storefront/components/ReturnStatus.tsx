"use client";
// Announces one parcel to POST /api/returns/[id].
import { useState, type FormEvent } from "react";

export function ReturnStatus() {
  const [state, setState] = useState("");
  async function ask(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const parcel = String(new FormData(event.currentTarget).get("parcel") ?? "");
    const response = await fetch(`/api/returns/${encodeURIComponent(parcel)}`, { method: "POST" });
    setState((await response.json()).state);
  }
  return (
    <form onSubmit={ask} className="row">
      <input name="parcel" required placeholder="R-100" aria-label="Number of your parcel" />
      <button className="button">Where is it?</button>
      <p data-testid="return-state">{state}</p>
    </form>
  );
}
