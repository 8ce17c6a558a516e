import type { Platform } from '@latchkey/testing/adapter-contract'
import { type CaseResult, type RuntimeClient, runtimeClients } from './cases.ts'
import { runtimes } from './list.ts'
import type { Runtime } from './runtime.ts'

/** What each client did on each runtime, by the runtime's name. */
export type RuntimeResults = Map<string, Map<RuntimeClient, CaseResult[]>>

/** The limits of a platform that the contract is told about, in words for readers. */
const limits: Record<keyof Platform, string> = {
  hidesRedirects:
    'it follows redirects itself, so a redirect is refused if the token is in a header such as `xc-auth`',
  returnsRedirects: 'it does not follow redirects: the caller gets them',
  bearerOnly: 'only `Authorization` may carry the token',
  buffersBodies: 'a response body arrives whole, not in pieces',
  hasNoAsyncContext: 'a grant that uses its own client has to pass its `signal` on',
  resendsOnReset: 'it sends a request again by itself when a kept-alive connection breaks',
  maxConnections: 'few connections at once',
}

/** For README.md: which version of what keeps every promise. */
export function summaryTable(results: RuntimeResults): string {
  const columns = runtimes.map((runtime) => [
    runtime.name,
    versionOf(runtime),
    ...runtimeClients.map((client) => cell(results, runtime, client)),
  ])
  const rows = ['', 'version', ...runtimeClients].map((title, at) => [
    title,
    ...columns.map((column) => column[at] ?? ''),
  ])
  return markdown(rows)
}

/** For docs/runtimes.md: where each runtime comes from, and what it does not let us do. */
export function detailTable(results: RuntimeResults): string {
  const rows = runtimes.map((runtime) => [
    runtime.name,
    runtime.spec ? `\`${runtime.spec}\`` : 'Debian’s',
    ...runtimeClients.map((client) => cell(results, runtime, client)),
    Object.keys(runtime.platform)
      .map((flag) => limits[flag as keyof Platform])
      .join('; '),
  ])
  return markdown([['runtime', 'from', ...runtimeClients, 'what is different'], ...rows])
}

/**
 * `page` with what stands between its markers replaced.
 * @throws Error when it has none.
 */
export function withTable(page: string, table: string): string {
  const block = /(<!-- runtimes:[^\n]*\n).*?(<!-- runtimes end -->)/s
  if (!block.test(page)) throw new Error('The page has no place for the table of runtimes.')
  return page.replace(block, (_, start: string, end: string) => `${start}\n${table}\n\n${end}`)
}

const versionOf = ({ spec }: Runtime): string =>
  spec?.slice(spec.lastIndexOf('@') + 1) ?? 'Debian’s'

function cell(results: RuntimeResults, { name }: Runtime, client: RuntimeClient): string {
  const found = results.get(name)?.get(client) ?? []
  const kept = found.filter(({ failure }) => failure === undefined)
  return found.length > 0 && kept.length === found.length
    ? 'all'
    : `${kept.length} of ${found.length}`
}

function markdown([head = [], ...rows]: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |')
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}
