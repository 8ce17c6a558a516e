/** The element of `index.html` with this id. */
export function find(id: string): HTMLElement {
  const element = document.getElementById(id)
  if (!element) throw new Error(`index.html has no #${id}`)
  return element
}

/** What stands in the input with this id. */
export function valueOf(id: string): string {
  return (find(id) as HTMLInputElement).value
}

export function showStatus(text: string): void {
  find('status').textContent = text
}

/** What the server says happened: it is the one to know how often it was asked for a token. */
export async function showCounts(): Promise<void> {
  const response = await fetch('/admin/counts')
  const { signIns, renewals, unauthorized } = await response.json()
  find('counts').textContent =
    `The server counted: sign-ins ${signIns}, renewals ${renewals}, answers 401 ${unauthorized}`
}
