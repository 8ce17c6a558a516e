/** The element of `index.html` with this id. */
export function find(id: string): HTMLElement {
  const element = document.getElementById(id)
  if (!element) throw new Error(`index.html has no #${id}`)
  return element
}

/** The text of the input with this id. */
export function valueOf(id: string): string {
  return (find(id) as HTMLInputElement).value
}

export function showStatus(text: string): void {
  find('status').textContent = text
}

/** Shows the server's own count of the requests for a token. */
export async function showCounts(): Promise<void> {
  const response = await fetch('/admin/counts')
  const { signIns, renewals, unauthorized } = await response.json()
  find('counts').textContent =
    `The server counted: sign-ins ${signIns}, renewals ${renewals}, answers 401 ${unauthorized}`
}
