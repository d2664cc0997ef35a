// The package's own name and version, as spans show them. A unit test holds them equal to package.json.

export const SCOPE_NAME = '@pointsman/nextjs'
export const SCOPE_VERSION = '0.1.0'
