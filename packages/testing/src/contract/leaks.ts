import { CANARY } from './canary.ts'

interface Util {
  inspect(value: unknown, options: object): string
}

/** Every way in which a log might print `value`, by name, that shows a token. */
export function leaks(value: unknown): string[] {
  const printed: Record<string, string> = { ...looks('result', value), String: String(value) }
  let error = value
  for (let depth = 0; error instanceof Error && depth < 8; depth += 1) {
    printed[`stack ${depth}`] = `${error.name} ${error.message} ${error.stack}`
    Object.assign(printed, looks(`cause ${depth}`, error.cause))
    error = error.cause
  }
  const spellings = [CANARY, btoa(CANARY).slice(0, 12), CANARY.replaceAll('-', '%2D')]
  return Object.keys(printed).filter((name) =>
    spellings.some((spelling) => printed[name]?.includes(spelling)),
  )
}

function looks(name: string, value: unknown): Record<string, string> {
  return {
    [`inspect of ${name}`]: inspect(value),
    [`JSON of ${name}`]: json(value),
    [`keys of ${name}`]: walk(value, 4),
  }
}

/** As `console.log` prints it in Node, to any depth; other platforms have nothing like it. */
function inspect(value: unknown): string {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (id: string) => unknown }
  }
  const util = process?.getBuiltinModule?.('node:util') as Util | undefined
  const all = { depth: Infinity, maxStringLength: Infinity, maxArrayLength: Infinity }
  return util?.inspect(value, all) ?? ''
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return '' // circular, so it cannot be printed like this
  }
}

/** Enumerable properties, inherited ones too, as a page's console would list them. */
function walk(value: unknown, depth: number): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null || depth === 0) return ''
  let text = ''
  for (const key in value) {
    try {
      text += ` ${key}=${walk((value as Record<string, unknown>)[key], depth - 1)}`
    } catch {
      // a getter that refuses shows nothing
    }
  }
  return text
}
