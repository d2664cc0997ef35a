// The switch between the shop as it stands and the shop as Pointsman advises it. Both versions of three handlers are in
// the code and in the build; which one people get is decided when the app starts. `make prove` compares them.

/** Whether the moved versions are in use: STOREFRONT_MOVED=1. Server code hands it on to client components. */
export const moved = process.env.STOREFRONT_MOVED === "1";
