import type { Readable } from 'node:stream'

/** Keeps the end of what a child process says. @returns a function that gives its last lines. */
export function lastLines(streams: readonly Readable[], limit = 40): () => string {
  let text = ''
  for (const stream of streams) {
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => {
      text = (text + chunk).split('\n').slice(-limit).join('\n')
    })
  }
  return () => text.trim()
}
