// Weights of which only some exist: float32 values with their positions row * columns + column,
// int32, ascending. Compiled for each type SCALAR that products are computed in.
#include "scalar.cuh"

// A dense weight in pieces of as many consecutive elements; tile_starts[i] is the first value at or
// after piece i, and the last entry the number of values.
constexpr int TILE = 4096;

// dense[size]: the values at their positions, zero elsewhere. A block for each tile: the tile is
// put together in shared memory, and each element of the result written once.
extern "C" __global__ void expand(
    const float* values, const int* positions, const int* tile_starts, long long size,
    SCALAR* dense) {
  __shared__ __align__(16) SCALAR tile[TILE];
  constexpr int WORDS = TILE * sizeof(SCALAR) / sizeof(uint4);
  uint4* words = reinterpret_cast<uint4*>(tile);
  for (int i = threadIdx.x; i < WORDS; i += blockDim.x) {
    words[i] = make_uint4(0, 0, 0, 0);
  }
  __syncthreads();
  long long first = static_cast<long long>(blockIdx.x) * TILE;
  int end = tile_starts[blockIdx.x + 1];
  for (int i = tile_starts[blockIdx.x] + threadIdx.x; i < end; i += blockDim.x) {
    tile[positions[i] - first] = from_float<SCALAR>(values[i]);
  }
  __syncthreads();
  if (first + TILE <= size) {
    uint4* out = reinterpret_cast<uint4*>(dense + first);
    for (int i = threadIdx.x; i < WORDS; i += blockDim.x) {
      out[i] = words[i];
    }
  } else {
    for (int i = threadIdx.x; i < size - first; i += blockDim.x) {
      dense[first + i] = tile[i];
    }
  }
}

// mask[size], zero before: 1 at the positions.
extern "C" __global__ void mark(const int* positions, int kept, unsigned char* mask) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < kept) {
    mask[positions[i]] = 1;
  }
}

// values[kept]: the elements of a dense matrix at the positions.
extern "C" __global__ void gather(
    const SCALAR* dense, const int* positions, int kept, float* values) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < kept) {
    values[i] = to_float(dense[positions[i]]);
  }
}
