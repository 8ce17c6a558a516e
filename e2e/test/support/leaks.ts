import { inspect } from 'node:util'
import { CANARY } from './world.ts'

/** Every way in which a log might print `value`, by name, that shows a token. */
export function leaks(value: unknown): string[] {
  const printed: Record<string, string> = {
    inspect: inspect(value, {
      depth: Infinity,
      maxStringLength: Infinity,
      maxArrayLength: Infinity,
    }),
    JSON: json(value),
    String: String(value),
  }
  for (let error = value, depth = 0; error instanceof Error && depth < 8; depth += 1) {
    printed[`stack ${depth}`] = `${error.message} ${error.stack}`
    printed[`cause ${depth}`] = inspect(error.cause, { depth: Infinity })
    error = error.cause
  }
  return Object.keys(printed).filter((name) => printed[name]?.includes(CANARY))
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return '' // circular: nobody can print it so
  }
}
