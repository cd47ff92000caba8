export const dollars = (usd: number): string =>
  `${usd < 0 ? '−' : ''}$${Math.abs(usd).toLocaleString('en-US', { maximumFractionDigits: Math.abs(usd) < 100 ? 2 : 0 })}`;

export const perThousand = (usd: number): string => `$${usd.toPrecision(3)}`;

export const percent = (share: number | null): string =>
  share === null ? 'none' : `${Math.round(100 * share).toLocaleString('en-US')} %`;

export function days(value: number | null): string {
  if (value === null) return 'never';
  return `${Math.round(value).toLocaleString('en-US')} days`;
}

/** A measured or published factor or loss: three digits say all that an interval knows. */
export const factor = (value: number) => String(Number(value.toPrecision(3)));
