"""base: money, points, time, ids, refusal, sql loader, pages, the embedded server."""
