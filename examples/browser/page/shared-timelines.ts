import { type Recording, renderSvg, type Timeline } from '@latchkey/timeline'
import { find } from './elements.ts'

type Message = { kind: 'recording'; recording: Recording } | { kind: 'hello' } | { kind: 'ask' }

/** The picture shows this time before the newest entry. */
const SHOWN_MS = 2_500

/**
 * Every tab sends its recording to the others and draws all of them. Recordings are plain data without secrets.
 * When one tab asks for it, every tab calls `ask`.
 */
export function shareTimelines(timeline: Timeline, ask: () => void) {
  const channel = new BroadcastChannel('three-tabs')
  const recordings = new Map<string, Recording>()
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has one origin
  const send = (message: Message) => channel.postMessage(message)

  function take(recording: Recording): void {
    recordings.set(recording.name ?? '', recording)
    const all = [...recordings.values()].toSorted((one, other) =>
      (one.name ?? '').localeCompare(other.name ?? ''),
    )
    const newest = Math.max(...all.flatMap(({ entries }) => entries.at(-1)?.at ?? 0))
    find('picture').innerHTML = renderSvg(all, { from: newest - SHOWN_MS }) // escaped by renderSvg
  }

  function share(): void {
    const recording = timeline.toJSON()
    send({ kind: 'recording', recording })
    take(recording)
  }

  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
    if (data.kind === 'recording') take(data.recording)
    else if (data.kind === 'hello') share()
    else ask()
  })
  timeline.on(share)
  send({ kind: 'hello' })
  share()
  return {
    count: () => recordings.size,
    ask() {
      send({ kind: 'ask' })
      ask()
    },
  }
}
