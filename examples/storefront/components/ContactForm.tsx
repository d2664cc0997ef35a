"use client";
// Sends a message to POST /api/legacy/contact and shows the ticket number. Nothing on the page needs a refresh.
import { useState, type FormEvent } from "react";

export function ContactForm() {
  const [ticket, setTicket] = useState<number>();
  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const response = await fetch("/api/legacy/contact", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ message: new FormData(form).get("message") }),
    });
    if (!response.ok) return;
    setTicket((await response.json()).ticket);
    form.reset();
  }
  return (
    <form onSubmit={send}>
      <textarea name="message" required rows={4} aria-label="Your message" placeholder="What can we do for you?" />
      <button className="button">Send</button>
      {ticket !== undefined && <p data-testid="ticket">Thank you, this is ticket {ticket}.</p>}
    </form>
  );
}
