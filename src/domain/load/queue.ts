/** Response times of one first-come-first-served server (Lindley 1952); all in one unit of time. */
export function responseTimes(arrivals: ArrayLike<number>, services: ArrayLike<number>): Float64Array {
  let freeAt = 0;
  return Float64Array.from(arrivals, (arrival, i) => {
    freeAt = Math.max(freeAt, arrival) + services[i]!;
    return freeAt - arrival;
  });
}
