/** What answers requests: a double, or any fetch-style app. */
export interface FetchServer {
  /** Answers one request. */
  fetch(request: Request): Response | Promise<Response>
}
