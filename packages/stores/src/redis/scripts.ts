/**
 * What happens in Redis, each in one step. One hash per name holds all there is about it, so a cluster
 * keeps it on one node whatever the name is:
 *
 * - `entry`: the session's text; absent when there is none
 * - `fence`: the fence under which `entry` was last written or removed
 * - `drawn`: the last fence drawn; one more than the one before, and never less than the clock, so that
 *   fences go on growing after the key has expired
 * - `owner`, `until`: who holds the lock, and when its lease ends
 *
 * The clock is Redis's own, in milliseconds: the workers' clocks need not agree.
 */
const CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function field(name) return redis.call('HGET', KEYS[1], name) end
local function draw()
  local fence = math.max((tonumber(field('drawn')) or 0) + 1, now)
  redis.call('HSET', KEYS[1], 'drawn', fence)
  return fence
end
local function keep(ms)
  if redis.call('PTTL', KEYS[1]) < ms then redis.call('PEXPIRE', KEYS[1], ms) end
end
`

/** The entry, or nil. */
export const READ = `return redis.call('HGET', KEYS[1], 'entry')`

/** 1 when there is an entry, else 0. */
export const EXISTS = `return redis.call('HEXISTS', KEYS[1], 'entry')`

/** The fence of what was last written or removed, or nil. */
export const FENCE = `return redis.call('HGET', KEYS[1], 'fence')`

/** Owner, lease, how long the key is kept. Gives the fence, or 0 while somebody else holds the lock. */
export const LOCK = `${CLOCK}
local owner = field('owner')
if owner and owner ~= ARGV[1] and tonumber(field('until')) > now then return 0 end
local fence = draw()
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'until', now + ARGV[2])
keep(tonumber(ARGV[3]))
return fence
`

/** Owner, lease. A lease that ran out goes on if nobody took the lock since: 1, otherwise 0. */
export const EXTEND = `${CLOCK}
if field('owner') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'until', now + ARGV[2])
return 1
`

/** Owner. Only the owner's own lock is given back. */
export const RELEASE = `
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
return redis.call('HDEL', KEYS[1], 'owner', 'until')
`

/**
 * Fence of the lock ('' outside of one), oldest age of a fence, time to live, channel, sender, entry.
 * 0, and nothing is written, when something newer is there or may have been forgotten since.
 */
export const WRITE = `${CLOCK}
local fence = tonumber(ARGV[1])
if fence and (fence < (tonumber(field('fence')) or 0) or fence < now - ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'entry', ARGV[6], 'fence', fence or draw())
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1
`

/** How long the fence is kept, channel, sender. Gives the fence that late writers run into. */
export const REMOVE = `${CLOCK}
local fence = draw()
redis.call('HDEL', KEYS[1], 'entry')
redis.call('HSET', KEYS[1], 'fence', fence)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return fence
`
