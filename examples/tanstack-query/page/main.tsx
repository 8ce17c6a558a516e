import { webStore } from '@latchkey/stores/web'
import { QueryClientProvider, useMutation, useQuery } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { openSession } from './session.ts'

// One session and one cache for the page. The other tabs share the session.
const store = webStore({ app: 'tanstack-query' })
const { noco, client, queries } = openSession({ baseUrl: location.origin, store })

function App() {
  const { data: who, error } = useQuery(queries.who)
  if (error) return <p role="alert">{error.message}</p>
  if (who === undefined) return <p>…</p>
  return who === null ? <SignIn /> : <Bases who={who} />
}

function SignIn() {
  const signIn = useMutation({
    mutationFn: (form: FormData) =>
      noco.signIn({ email: field(form, 'email'), password: field(form, 'password') }),
    onSuccess: () => client.invalidateQueries(),
    gcTime: 0, // otherwise the cache would keep the password
  })
  return (
    <form action={(form) => signIn.mutate(form)}>
      <input name="email" type="email" autoComplete="username" defaultValue="ada@example.com" />
      <input
        name="password"
        type="password"
        autoComplete="current-password"
        defaultValue="correct horse"
      />
      <button disabled={signIn.isPending}>Sign in</button>
      {signIn.error && <p role="alert">{signIn.error.message}</p>}
    </form>
  )
}

function Bases({ who }: { who: string }) {
  const { data: bases, error } = useQuery(queries.bases(who))
  return (
    <>
      <p>Signed in as {who}</p>
      <nav>
        <button onClick={() => void fetch('/admin/refuse-tokens')}>
          Let the server refuse the token
        </button>
        <button onClick={() => void client.invalidateQueries()}>Ask again</button>
        <button onClick={() => void noco.signOut()}>Sign out</button>
      </nav>
      {error && <p role="alert">{error.message}</p>}
      <ul>
        {bases?.map(({ id, title }) => (
          <Base key={id} who={who} id={id} title={title} />
        ))}
      </ul>
      <Counts />
    </>
  )
}

/** One of many on the page, each with its own query. */
function Base({ who, id, title }: { who: string; id: string; title: string }) {
  const { data: tables, error } = useQuery(queries.tables(who, id))
  const names = tables?.map((table) => table.title).join(', ')
  return (
    <li>
      {title}: {error ? error.message : (names ?? '…')}
    </li>
  )
}

/** Shows the server's own count of the requests for a token. */
function Counts() {
  const queryFn = async () => (await fetch('/admin/counts')).json()
  const { data } = useQuery({ queryKey: ['counts'], queryFn, refetchInterval: 1_000 })
  return (
    <output>
      The server counted: sign-ins {data?.signIns}, renewals {data?.renewals}, answers 401{' '}
      {data?.unauthorized}
    </output>
  )
}

function field(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
)
