/**
 * A few of NocoDB's end points, written by hand in the form of openapi-typescript. For an API with a
 * description, generate it: `npx openapi-typescript openapi.json --output paths.ts`.
 */
export interface paths {
  '/api/v2/meta/bases': {
    get: { responses: Answers<{ list: Titled[] }> }
  }
  '/api/v2/meta/bases/{baseId}/tables': {
    get: {
      parameters: { path: { baseId: string } }
      responses: Answers<{ list: Titled[] }>
    }
  }
  '/api/v2/tables/{tableId}/records': {
    get: {
      parameters: { path: { tableId: string }; query?: { offset?: number; limit?: number } }
      responses: Answers<{ list: StoredRecord[]; pageInfo: { totalRows: number } }>
    }
    post: {
      parameters: { path: { tableId: string } }
      requestBody: { content: { 'application/json': Record<string, unknown> } }
      responses: Answers<{ Id: number }>
    }
  }
}

interface Titled {
  id: string
  title: string
}

type StoredRecord = { Id: number } & Record<string, unknown>

interface Answers<Body> {
  200: { content: { 'application/json': Body } }
  /** The form of NocoDB's errors. */
  default: { content: { 'application/json': { error: string; message: string } } }
}
