# docker build -t filigree .
# docker run --rm -v "$PWD/runs:/work/runs" -v "$PWD/text:/text:ro" filigree train -s train_dataloader.data_dir=/text
#
# For NVIDIA GPUs, on an image that has CUDA 13 with its libraries:
# docker build -t filigree:cuda --build-arg PROFILES=dist,cuda --build-arg BASE=IMAGE .
# docker run --rm --gpus all filigree:cuda doctor
ARG BASE=debian:stable-slim

FROM eclipse-temurin:25-jdk AS build
# For Maven's wrapper.
RUN apt-get update && apt-get install -y --no-install-recommends curl unzip && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
ARG PROFILES=dist
RUN ./mvnw -q -B -P${PROFILES} -Dmaven.test.skip=true package \
    && mkdir /opt/filigree \
    && tar xzf cli/target/filigree-*.tar.gz -C /opt/filigree --strip-components=1

# As in build/clean-machine: a minimal Debian and a JDK, nothing else.
FROM ${BASE}
COPY --from=build /opt/java/openjdk /usr/lib/jvm/java-25
COPY --from=build /opt/filigree /opt/filigree
WORKDIR /work
ENTRYPOINT ["/opt/filigree/filigree"]
