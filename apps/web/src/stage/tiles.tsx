import type { DeviceTile, Live } from "@tutti/protocol";
import { tileStates } from "@tutti/protocol";
import type { VNode } from "preact";
import { words } from "../words/words.ts";

/** As many tiles as fit beside figures; more have the whole width. */
export const fewDevices = 24;

/** Every device, what it does, how far and how fast. */
export function Tiles({ live }: { readonly live: Live }) {
  const { devices, status } = live;
  const numMore = Math.max(0, status.numDevices - devices.length);
  return (
    <section class="card stage-devices" aria-labelledby="devices-title">
      <h2 id="devices-title">{words.stageTiles.title}</h2>
      {devices.length === 0 ? (
        <p class="soft">{words.stageTiles.none}</p>
      ) : (
        <>
          <p class="soft small figures" data-testid="tile-counts">
            {countTexts(devices).join(" · ")}
          </p>
          <ul class={devices.length > fewDevices ? "tiles many" : "tiles"} data-testid="tiles">
            {devices.map(tileOf)}
          </ul>
          {numMore > 0 && <p class="soft small">{words.stageTiles.more(numMore)}</p>}
        </>
      )}
    </section>
  );
}

function countTexts(devices: readonly DeviceTile[]): string[] {
  return tileStates.flatMap((state) => {
    const count = devices.filter((tile) => tile.state === state).length;
    return count === 0 ? [] : [words.stageTiles.counts(count, words.stageTiles.states[state])];
  });
}

/** A tile that has not changed keeps its element, which Preact then does not look at again. */
const drawn = new WeakMap<DeviceTile, VNode>();

function tileOf(tile: DeviceTile): VNode {
  const known = drawn.get(tile);
  if (known !== undefined) return known;
  const made = <Tile key={tile.deviceId} tile={tile} />;
  drawn.set(tile, made);
  return made;
}

function Tile({ tile }: { readonly tile: DeviceTile }) {
  const { deviceId, nickname, state, step, numSteps, speed, backend, isHelper } = tile;
  const share = step === undefined || numSteps === undefined ? null : step / numSteps;
  return (
    <li class="tile" data-state={state} data-device={deviceId}>
      <p class="tile-name">
        <strong>{nickname === null ? words.stageTiles.device(deviceId) : <bdi>{nickname}</bdi>}</strong>
        {nickname !== null && <span class="soft tile-id">{deviceId}</span>}
        {isHelper === true && <span class="helper">{words.stageTiles.helper}</span>}
      </p>
      <p class="tile-state">
        {words.stageTiles.states[state]}{" "}
        {step !== undefined && numSteps !== undefined && <span class="tile-step figures">{words.stageTiles.step(step, numSteps)}</span>}
      </p>
      <p class="tile-facts soft figures">
        {speed !== undefined && <span>{words.stageTiles.speed(speed)}</span>}
        {backend !== null && <span>{backend}</span>}
      </p>
      <span class="tile-bar" style={{ transform: `scaleX(${share ?? (state === "done" ? 1 : 0)})` }} />
    </li>
  );
}
