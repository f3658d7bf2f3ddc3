// Which scores of one group are the largest, by radix selection over keys and, among equal scores,
// over ranks. The order is that of the CPU: larger scores first, -0 as 0, NaN last; of equal scores
// the lower rank.

// The state of one selection, in device memory.
struct Selection {
  unsigned long long rank_line;  // ranks up to it win among those equal to key_line
  unsigned key_line;             // keys above it win
  int random;                    // whether ranks are drawn, by rank_key; else they are the indices
  unsigned long long rank_key;
  long long remaining;           // how many are still to be found in the bucket that is looked into
  int done;                      // nothing of the ranks is left to be decided
  int counts[256];               // of the digit that is looked at
};

constexpr int DIGIT = 8;
constexpr int BUCKETS = 256;

// Larger for a larger score; 1 for NaN, 0 for nothing.
__device__ __forceinline__ unsigned key_of(float score) {
  int bits = __float_as_int(score);
  int magnitude = bits & 0x7FFFFFFF;
  int key = magnitude > 0x7F800000 ? -0x7FFFFFFF : bits < 0 ? -magnitude : magnitude;
  return static_cast<unsigned>(key) ^ 0x80000000u;
}

// SplitMix64 at a position: a number of its own for each index.
__device__ __forceinline__ unsigned long long rank_of(const Selection* state, long long index) {
  if (!state->random) {
    return index;
  }
  unsigned long long z = state->rank_key + (index + 1) * 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

// Scores compete where mask[i] is wanted, all of them for a null mask.
__device__ __forceinline__ bool competes(const unsigned char* mask, int wanted, long long i) {
  return mask == nullptr || mask[i] == wanted;
}

// One thread: begins a selection of winners, at least one and fewer than compete.
extern "C" __global__ void begin(
    long long winners, int random, long long rank_key, Selection* state) {
  state->rank_line = 0;
  state->key_line = 0;
  state->random = random;
  state->rank_key = rank_key;
  state->remaining = winners;
  state->done = 0;
  for (int i = 0; i < BUCKETS; i++) {
    state->counts[i] = 0;
  }
}

// Counts the digits of the keys at a shift, of those equal to the line above it.
extern "C" __global__ void count_keys(
    const float* scores, const unsigned char* mask, int wanted, long long n, int shift,
    Selection* state) {
  __shared__ int counts[BUCKETS];
  for (int i = threadIdx.x; i < BUCKETS; i += blockDim.x) {
    counts[i] = 0;
  }
  __syncthreads();
  unsigned line = state->key_line;
  long long stride = static_cast<long long>(gridDim.x) * blockDim.x;
  for (long long i = blockIdx.x * static_cast<long long>(blockDim.x) + threadIdx.x; i < n;
       i += stride) {
    if (competes(mask, wanted, i)) {
      unsigned key = key_of(scores[i]);
      if (shift + DIGIT == 32 || (key >> (shift + DIGIT)) == (line >> (shift + DIGIT))) {
        atomicAdd(&counts[(key >> shift) & (BUCKETS - 1)], 1);
      }
    }
  }
  __syncthreads();
  for (int i = threadIdx.x; i < BUCKETS; i += blockDim.x) {
    if (counts[i] != 0) {
      atomicAdd(&state->counts[i], counts[i]);
    }
  }
}

// A block of BUCKETS threads: the digit of the line at a shift, from the largest bucket down.
extern "C" __global__ void choose_key(int shift, Selection* state) {
  __shared__ int counts[BUCKETS];
  counts[threadIdx.x] = state->counts[threadIdx.x];
  state->counts[threadIdx.x] = 0;
  __syncthreads();
  if (threadIdx.x == 0) {
    long long remaining = state->remaining;
    int bucket = BUCKETS - 1;
    while (bucket > 0 && counts[bucket] < remaining) {
      remaining -= counts[bucket--];
    }
    state->key_line |= static_cast<unsigned>(bucket) << shift;
    state->remaining = remaining;
    if (shift == 0 && counts[bucket] == remaining) {
      state->rank_line = ~0ull;  // all equals win
      state->done = 1;
    }
  }
}

// Counts the digits of the ranks of the scores that are equal to the key line.
extern "C" __global__ void count_ranks(
    const float* scores, const unsigned char* mask, int wanted, long long n, int shift,
    Selection* state) {
  __shared__ int counts[BUCKETS];
  if (state->done) {
    return;
  }
  for (int i = threadIdx.x; i < BUCKETS; i += blockDim.x) {
    counts[i] = 0;
  }
  __syncthreads();
  unsigned key_line = state->key_line;
  unsigned long long line = state->rank_line;
  long long stride = static_cast<long long>(gridDim.x) * blockDim.x;
  for (long long i = blockIdx.x * static_cast<long long>(blockDim.x) + threadIdx.x; i < n;
       i += stride) {
    if (competes(mask, wanted, i) && key_of(scores[i]) == key_line) {
      unsigned long long rank = rank_of(state, i);
      if (shift + DIGIT == 64 || (rank >> (shift + DIGIT)) == (line >> (shift + DIGIT))) {
        atomicAdd(&counts[(rank >> shift) & (BUCKETS - 1)], 1);
      }
    }
  }
  __syncthreads();
  for (int i = threadIdx.x; i < BUCKETS; i += blockDim.x) {
    if (counts[i] != 0) {
      atomicAdd(&state->counts[i], counts[i]);
    }
  }
}

// A block of BUCKETS threads: the digit of the rank line at a shift, from the smallest bucket up.
extern "C" __global__ void choose_rank(int shift, Selection* state) {
  __shared__ int counts[BUCKETS];
  if (state->done) {
    return;
  }
  counts[threadIdx.x] = state->counts[threadIdx.x];
  __syncthreads();
  state->counts[threadIdx.x] = 0;
  if (threadIdx.x == 0) {
    long long remaining = state->remaining;
    int bucket = 0;
    while (bucket < BUCKETS - 1 && counts[bucket] < remaining) {
      remaining -= counts[bucket++];
    }
    state->rank_line |= static_cast<unsigned long long>(bucket) << shift;
    state->remaining = remaining;
    if (counts[bucket] == remaining) {
      state->rank_line |= (1ull << shift) - 1;  // all of the bucket win
      state->done = 1;
    }
  }
}

// selected[n]: 1 for the winners, and with keep for whatever the mask has.
extern "C" __global__ void select_flags(
    const float* scores, const unsigned char* mask, int wanted, int keep, long long n,
    const Selection* state, unsigned char* selected) {
  long long i = blockIdx.x * static_cast<long long>(blockDim.x) + threadIdx.x;
  if (i >= n) {
    return;
  }
  bool wins = false;
  if (competes(mask, wanted, i)) {
    unsigned key = key_of(scores[i]);
    wins = key > state->key_line
        || (key == state->key_line && rank_of(state, i) <= state->rank_line);
  }
  selected[i] = wins || (keep && mask[i]);
}
