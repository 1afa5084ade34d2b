#!/bin/sh
# Fetches the jars of a Kafka broker from Maven into a folder and prints the folder. Needs Java 17 and Maven.
# Usage: scripts/kafka.sh [FOLDER]
set -eu

version=4.1.1
folder=${1:-${TMPDIR:-/tmp}/deedbook-kafka-$version}

if [ ! -e "$folder/complete" ]; then
    mkdir -p "$folder"
    cat > "$folder/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>deedbook</groupId>
  <artifactId>broker</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency>
  </dependencies>
</project>
POM
    mvn -q -B -f "$folder/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$folder/libs" >&2
    touch "$folder/complete"
fi
echo "$folder/libs"
