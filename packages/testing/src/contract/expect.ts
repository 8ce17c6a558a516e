/** What a case found otherwise than promised. Test runners show `actual` beside `expected`. */
class ContractViolation extends Error {
  override name = 'ContractViolation'
  readonly actual: unknown
  readonly expected: unknown

  constructor(message: string, actual: unknown, expected: unknown) {
    super(message)
    this.actual = actual
    this.expected = expected
  }
}

/** Equal as JSON tells it, `undefined` included. `what` says what is compared. */
export function equal(actual: unknown, expected: unknown, what = 'value'): void {
  const [got, wanted] = [told(actual), told(expected)]
  if (got === wanted) return
  throw new ContractViolation(`${what}: got ${cut(got)}, expected ${cut(wanted)}`, actual, expected)
}

export function ok(condition: boolean, what: string): void {
  if (!condition) throw new ContractViolation(`not so: ${what}`, false, true)
}

const told = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  ) ?? 'undefined'

const cut = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)} …` : text)
