import { loadSession } from './api.ts';
import { PortfolioFeed } from './feed.ts';
import './styles.css';

// Whoever comes and what they see first are on their way while the pages are loaded.
const feed = new PortfolioFeed();
feed.open();
const opening = loadSession().then(
  (session) => ({ session }),
  (trouble) => ({ trouble })
);
void import('./app.tsx').then(async ({ show }) => show(await opening, feed));
