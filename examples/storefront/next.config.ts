// The build's settings: as few as a shop needs. What the observed app does lives in app/, actions/ and pages/.
import type { NextConfig } from "next";

const config: NextConfig = {
  // The repository above holds other packages; the root of this app is this folder.
  turbopack: { root: import.meta.dirname },
  poweredByHeader: false,
};

export default config;
