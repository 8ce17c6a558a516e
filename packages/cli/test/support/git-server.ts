import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { buffer } from 'node:stream/consumers'

/** Git's own server (git-http-backend(1)) with one repository, which has one commit. */
export interface GitServer {
  /** Answers one request below `/repo.git`. */
  fetch(request: Request): Promise<Response>
  remove(): void
}

export function createGitServer(): GitServer {
  const root = mkdtempSync(join(tmpdir(), 'latchkey-git-'))
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, stdio: 'pipe' })
  git('init', '--quiet', 'work')
  const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com']
  git('-C', 'work', ...who, 'commit', '--quiet', '--allow-empty', '--message', 'first')
  git('clone', '--quiet', '--bare', 'work', 'repo.git')
  git('-C', 'repo.git', 'config', 'http.receivepack', 'true')
  return {
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      const child = spawn('git', ['http-backend'], {
        env: {
          ...process.env,
          GIT_PROJECT_ROOT: root,
          GIT_HTTP_EXPORT_ALL: '1',
          PATH_INFO: pathname,
          QUERY_STRING: search.slice(1),
          REQUEST_METHOD: request.method,
          CONTENT_TYPE: request.headers.get('content-type') ?? '',
          HTTP_CONTENT_ENCODING: request.headers.get('content-encoding') ?? '',
        },
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      child.stdin.end(Buffer.from(await request.arrayBuffer()))
      return readAnswer(await buffer(child.stdout))
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}

/** A CGI answer (RFC 3875 section 6): headers, an empty line, the body. */
function readAnswer(bytes: Buffer): Response {
  const end = bytes.indexOf('\r\n\r\n')
  const lines = bytes.subarray(0, end).toString().split('\r\n')
  const headers = lines.map((line) => line.split(': ', 2) as [string, string])
  const [, status = '200'] = headers.find(([name]) => name === 'Status') ?? []
  return new Response(Uint8Array.from(bytes.subarray(end + 4)), {
    status: Number.parseInt(status, 10),
    headers: headers.filter(([name]) => name !== 'Status'),
  })
}
