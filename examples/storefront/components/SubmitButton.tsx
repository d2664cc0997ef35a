"use client";
// The button of an action's form: quiet while the action runs. Without JavaScript it is a plain submit button.
import type { ReactNode } from "react";
import { useFormStatus } from "react-dom";

export function SubmitButton({ children }: { children: ReactNode }) {
  const { pending } = useFormStatus();
  return (
    <button className="button" disabled={pending}>
      {children}
    </button>
  );
}
