// The gradient of weights so sparse that all of it on tensor cores costs more than what exists of it
// here. A block keeps the features of TOKENS tokens in shared memory, [feature][token], and goes over
// all positions. Compiled for each type SCALAR.
#include "scalar.cuh"

constexpr int TOKENS = 8;  // at a time
constexpr int QUAD = 4;    // tokens that are read at once

struct __align__(QUAD * sizeof(SCALAR)) Quad {
  SCALAR of[QUAD];
};

// Copies [tokens][features] from global memory to [features][TOKENS]; missing tokens are zero.
__device__ void load(const SCALAR* from, long long tokens, int features, SCALAR* to) {
  constexpr int VECTOR = 16 / sizeof(SCALAR);
  bool aligned = features % VECTOR == 0 && reinterpret_cast<unsigned long long>(from) % 16 == 0;
  if (aligned) {
    struct __align__(16) Vector {
      SCALAR of[VECTOR];
    };
    for (int i = threadIdx.x; i < features / VECTOR * TOKENS; i += blockDim.x) {
      int token = i % TOKENS;
      int first = i / TOKENS * VECTOR;
      Vector vector;
      if (token < tokens) {
        const SCALAR* row = from + static_cast<long long>(token) * features;
        vector = *reinterpret_cast<const Vector*>(row + first);
      } else {
        for (int j = 0; j < VECTOR; j++) {
          vector.of[j] = from_float<SCALAR>(0);
        }
      }
      for (int j = 0; j < VECTOR; j++) {
        to[(first + j) * TOKENS + token] = vector.of[j];
      }
    }
  } else {
    for (int i = threadIdx.x; i < features * TOKENS; i += blockDim.x) {
      int token = i / features;
      int feature = i % features;
      to[feature * TOKENS + token] = token < tokens
          ? from[static_cast<long long>(token) * features + feature]
          : from_float<SCALAR>(0);
    }
  }
}

// sums[block][kept]: of the tokens of each block, dy[tokens][rows] times x[tokens][columns] at the
// positions. There are no more blocks than groups of TOKENS tokens. Shared memory: (rows + columns) *
// TOKENS elements.
extern "C" __global__ void __launch_bounds__(512) sample_gradient(
    const SCALAR* dy, const SCALAR* x, const int* positions, int kept, long long tokens, int rows,
    int columns, float* sums) {
  extern __shared__ __align__(16) unsigned char memory[];
  SCALAR* outer = reinterpret_cast<SCALAR*>(memory);
  SCALAR* inner = outer + rows * TOKENS;
  float* own = sums + static_cast<long long>(blockIdx.x) * kept;
  bool begun = false;
  for (long long first = static_cast<long long>(blockIdx.x) * TOKENS; first < tokens;
       first += static_cast<long long>(gridDim.x) * TOKENS) {
    load(dy + first * rows, tokens - first, rows, outer);
    load(x + first * columns, tokens - first, columns, inner);
    __syncthreads();
    for (int k = threadIdx.x; k < kept; k += blockDim.x) {
      int row = positions[k] / columns;
      int column = positions[k] - row * columns;
      const Quad* left = reinterpret_cast<const Quad*>(outer + row * TOKENS);
      const Quad* right = reinterpret_cast<const Quad*>(inner + column * TOKENS);
      float sum = begun ? own[k] : 0;
      for (int i = 0; i < TOKENS / QUAD; i++) {
        Quad a = left[i];
        Quad b = right[i];
        for (int j = 0; j < QUAD; j++) {
          sum += to_float(a.of[j]) * to_float(b.of[j]);
        }
      }
      own[k] = sum;
    }
    begun = true;
    __syncthreads();
  }
}
