/** A stable merge sort that cuts in the middle: where a comparison is not transitive, the outcome depends on the way of sorting (2-assignment E4). */
export function mergeSort<T>(items: readonly T[], compare: (a: T, b: T) => number): T[] {
  if (items.length < 2) return [...items];
  const half = Math.ceil(items.length / 2);
  const left = mergeSort(items.slice(0, half), compare), right = mergeSort(items.slice(half), compare);
  const sorted: T[] = [];
  let l = 0, r = 0;
  while (l < left.length || r < right.length) {
    const a = left[l], b = right[r];
    if (b === undefined || (a !== undefined && compare(a, b) <= 0)) {
      sorted.push(a as T);
      l++;
    } else {
      sorted.push(b);
      r++;
    }
  }
  return sorted;
}
