-- Corrects what was taken: that much more now, or that much less of what was taken at a time.
local more, less, at_ms = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local step_ms, steps = tonumber(ARGV[4]), tonumber(ARGV[5])
local now = tonumber(ARGV[6])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
if more > 0 then
  redis.call('HINCRBY', KEYS[1], string.format('%.0f', math.floor(now / step_ms)), more)
  redis.call('PEXPIRE', KEYS[1], math.max(steps * step_ms + 1000, redis.call('PTTL', KEYS[1])))
end
if less > 0 then
  local step = string.format('%.0f', math.floor(at_ms / step_ms))
  local taken = tonumber(redis.call('HGET', KEYS[1], step) or 0)
  if taken > less then
    redis.call('HSET', KEYS[1], step, taken - less)
  else
    redis.call('HDEL', KEYS[1], step)
  end
end
return 1
