// Weights and gradients of which only some elements exist, float32, with a byte an element that is
// 1 where none does.

// The elements that a block looks at; MaskedTensors.java has the same number.
constexpr int PIECE = 16384;

// What does not exist in several tensors becomes zero, whatever it was. table[tensors][4]: the
// address of the values, that of the bytes, how many they are, and the first block of the tensor.
// Values lie at multiples of 16 bytes, bytes at multiples of 4.
extern "C" __global__ void zero_missing(const long long* table, int tensors) {
  int tensor = 0;
  for (int last = tensors - 1; tensor < last;) {
    int middle = (tensor + last + 1) / 2;
    if (table[4 * middle + 3] <= blockIdx.x) {
      tensor = middle;
    } else {
      last = middle - 1;
    }
  }
  const long long* entry = table + 4 * tensor;
  float* values = reinterpret_cast<float*>(entry[0]);
  const unsigned char* missing = reinterpret_cast<const unsigned char*>(entry[1]);
  long long begin = (blockIdx.x - entry[3]) * PIECE;
  long long left = entry[2] - begin;
  int count = left < PIECE ? static_cast<int>(left) : PIECE;
  values += begin;
  missing += begin;
  for (int i = 4 * threadIdx.x; i < count; i += 4 * blockDim.x) {
    if (i + 4 <= count) {
      unsigned bytes = *reinterpret_cast<const unsigned*>(missing + i);
      if (bytes != 0) {
        float4* four = reinterpret_cast<float4*>(values + i);
        // Nothing is read where nothing stays, and nothing written where all does.
        float4 kept = bytes == 0x01010101u ? make_float4(0, 0, 0, 0) : *four;
        *four = make_float4(
            bytes & 0xFFu ? 0 : kept.x, bytes & 0xFF00u ? 0 : kept.y,
            bytes & 0xFF0000u ? 0 : kept.z, bytes & 0xFF000000u ? 0 : kept.w);
      }
    } else {
      for (int j = i; j < count; j++) {
        if (missing[j]) {
          values[j] = 0;
        }
      }
    }
  }
}
