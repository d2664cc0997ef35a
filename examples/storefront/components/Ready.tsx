"use client";
// Marks the document once it answers to clicks (data-ready on <html>), so that the traffic driver never clicks too
// early. Shows nothing.
import { useEffect } from "react";

export function Ready() {
  useEffect(() => {
    document.documentElement.dataset.ready = "true";
  }, []);
  return null;
}
