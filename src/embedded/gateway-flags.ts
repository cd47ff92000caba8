/**
 * For the process of `main.ts`. Left alone, V8 doubles the young generation twice within minutes of full load, from 34
 * to 134 MB, and keeps it; requests are short-lived, and nothing was gained by it.
 */
export const GATEWAY_NODE_FLAGS = ['--max-semi-space-size=16'];
