export function dollars(usd: number): string {
  const amount = Math.abs(usd);
  // a list has hundreds of them: by hand, as `toLocaleString` makes a format each time
  const text =
    amount < 100
      ? amount.toLocaleString('en-US', { maximumFractionDigits: 2 })
      : String(Math.round(amount)).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${usd < 0 ? '−' : ''}$${text}`;
}

export const perThousand = (usd: number): string => `$${usd.toPrecision(3)}`;

export const percent = (share: number | null): string =>
  share === null ? 'none' : `${Math.round(100 * share).toLocaleString('en-US')} %`;

export function days(value: number | null): string {
  if (value === null) return 'never';
  return `${Math.round(value).toLocaleString('en-US')} days`;
}

/** A measured or published factor or loss: three digits say all that an interval knows. */
export const factor = (value: number) => String(Number(value.toPrecision(3)));
