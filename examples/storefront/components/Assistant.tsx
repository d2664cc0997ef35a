"use client";
// Asks GET /api/assistant and shows the words as they arrive.
import { useState, type FormEvent } from "react";

export function Assistant() {
  const [answer, setAnswer] = useState("");
  const [state, setState] = useState<"idle" | "speaking" | "done">("idle");

  function ask(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const question = String(new FormData(event.currentTarget).get("question") ?? "");
    setAnswer("");
    setState("speaking");
    const stream = new EventSource(`/api/assistant?q=${encodeURIComponent(question)}`);
    stream.onmessage = (message) => setAnswer((words) => `${words} ${message.data}`);
    const stop = () => {
      stream.close();
      setState("done");
    };
    stream.addEventListener("done", stop);
    stream.onerror = stop;
  }

  return (
    <>
      <form onSubmit={ask} className="row">
        <input name="question" required placeholder="lamp" aria-label="What do you look for?" />
        <button className="button">Ask</button>
      </form>
      <p className="lead" data-testid="answer" data-state={state}>
        {answer}
      </p>
    </>
  );
}
