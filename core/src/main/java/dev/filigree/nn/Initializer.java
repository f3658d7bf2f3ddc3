package dev.filigree.nn;

import dev.filigree.io.Hashing;
import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The values that a parameter starts with. What is drawn depends on the seed, the parameter's name
 * and the position within it alone: not on the order of the parameters nor on the number of
 * threads.
 */
public sealed interface Initializer {
  /** Elements that share one generator: the unit of parallel work. */
  long CHUNK = 1 << 16;

  /** The next value. */
  double draw(SplittableRandom random);

  /** The same distribution, {@code factor} times as wide. */
  Initializer scaled(double factor);

  /** Every element the same. */
  record Constant(double value) implements Initializer {
    @Override
    public double draw(SplittableRandom random) {
      return value;
    }

    @Override
    public Initializer scaled(double factor) {
      return new Constant(value * factor);
    }
  }

  /** The normal distribution. */
  record Normal(double mean, double std) implements Initializer {
    public Normal {
      require(std >= 0, "std must not be negative");
    }

    @Override
    public double draw(SplittableRandom random) {
      return mean + std * random.nextGaussian();
    }

    @Override
    public Initializer scaled(double factor) {
      return new Normal(mean, std * factor);
    }
  }

  /**
   * The normal distribution without what lies outside [a, b]; {@code std} is that of the normal
   * distribution before it is cut.
   */
  record TruncatedNormal(double mean, double std, double a, double b) implements Initializer {
    public TruncatedNormal {
      require(std >= 0, "std must not be negative");
      // Drawing again and again until a value falls inside must come to an end.
      require(
          std == 0 || (a <= mean + std && b >= mean - std && b - a >= std / 10),
          "a and b must leave a good part of the distribution between them");
    }

    @Override
    public double draw(SplittableRandom random) {
      if (std == 0) {
        return mean;
      }
      while (true) {
        double value = mean + std * random.nextGaussian();
        if (value >= a && value <= b) {
          return value;
        }
      }
    }

    @Override
    public Initializer scaled(double factor) {
      return new TruncatedNormal(mean, std * factor, a * factor, b * factor);
    }
  }

  /** The uniform distribution over [a, b). */
  record Uniform(double a, double b) implements Initializer {
    public Uniform {
      require(a <= b, "a must not be larger than b");
    }

    @Override
    public double draw(SplittableRandom random) {
      return a + (b - a) * random.nextDouble();
    }

    @Override
    public Initializer scaled(double factor) {
      return new Uniform(a * factor, b * factor);
    }
  }

  /**
   * Fills a tensor.
   *
   * @param tensor a contiguous float32 CPU tensor
   * @param seed the seed of the run
   * @param name the parameter's name
   */
  default void fill(Tensor tensor, long seed, String name) {
    if (Tensors.type(tensor) != ScalarType.Float) {
      throw new IllegalArgumentException(name + ": only float32 tensors can be initialized");
    }
    MemorySegment memory = Tensors.segment(tensor);
    long elements = tensor.numel();
    long seedOfName = Hashing.mix(seed ^ Hashing.mix(Hashing.fnv1a(name)));
    LongStream.range(0, (elements + CHUNK - 1) / CHUNK)
        .parallel()
        .forEach(
            chunk -> {
              var random = new SplittableRandom(Hashing.mix(seedOfName + chunk));
              long end = Math.min(elements, (chunk + 1) * CHUNK);
              for (long i = chunk * CHUNK; i < end; i++) {
                memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) draw(random));
              }
            });
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
