-- Sends each order of a corpus once and judges each answer. Knows the corpus file's form (one body a line) and what a good
-- first answer looks like; knows no carrier.
--
-- wrk ... -s orders.lua URL -- CORPUS KEY THREADS CONTENT_TYPE
-- Thread t of T sends lines t, t+T, t+2T ... An answer counts as bad if it is not 200 or lacks the success mark, as a
-- replay if the gateway says it has told it before. Counts leave as one JSON line on stderr, so that stdout stays wrk's.

local SUCCESS = '"apiResultCode":"A1000"'
local threads = {}

function setup(thread)
   thread:set("number", #threads)
   table.insert(threads, thread)
end

function init(args)
   local path, key, count, kind = args[1], args[2], tonumber(args[3]), args[4]
   corpus = assert(io.open(path, "rb"))
   corpus:setvbuf("full", 1048576)
   stride = count
   for _ = 1, number do corpus:read("*l") end
   sent, answers, bad, replays, exhausted = 0, 0, 0, 0, 0
   head = "POST " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port .. "\r\n"
      .. "Authorization: Bearer " .. key .. "\r\nContent-Type: " .. kind .. "\r\nContent-Length: "
end

function request()
   local body = corpus:read("*l")
   if not body then
      -- Never wrap round: a body sent twice would be a retry, and retries are cheaper than orders.
      exhausted = 1
      wrk.thread:stop()
      return ""
   end
   for _ = 2, stride do corpus:read("*l") end
   sent = sent + 1
   return head .. #body .. "\r\n\r\n" .. body
end

function response(status, headers, body)
   answers = answers + 1
   if headers["Veilway-Replayed"] or headers["veilway-replayed"] then
      replays = replays + 1
   elseif status ~= 200 or not body:find(SUCCESS, 1, true) then
      bad = bad + 1
   end
end

function done(summary, latency, requests)
   local counts = { sent = 0, answers = 0, bad = 0, replays = 0, exhausted = 0 }
   for _, thread in ipairs(threads) do
      for name in pairs(counts) do counts[name] = counts[name] + thread:get(name) end
   end
   local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
   io.stderr:write(string.format(
      '{"seconds":%.6f,"sent":%d,"answers":%d,"bad":%d,"replays":%d,"broken":%d,"exhausted":%d,'
      .. '"p50_ms":%.3f,"p99_ms":%.3f,"p999_ms":%.3f}\n',
      summary.duration / 1e6, counts.sent, counts.answers, counts.bad, counts.replays, errors, math.min(counts.exhausted, 1),
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3))
end
